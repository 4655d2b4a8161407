"""What gunicorn runs: `gunicorn wsgi:app`."""

import gc

from server.app import create_app

app = create_app()

# A batch makes many values that live as long as its request, in no circles: looking through all of them again and again
# costs a third of a large one.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 20)
