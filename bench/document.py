"""docs/performance.md: the tables of a run between two markers, and the picture beside them."""

from pathlib import Path

from bench import report
from bench.picture import svg
from bench.run import Run
from bench.targets import shown

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "performance.md"
PICTURE = ROOT / "docs" / "pictures" / "performance.svg"
BEGINS, ENDS = "<!-- bench begins -->", "<!-- bench ends -->"


def write(run: Run, document: Path = DOCUMENT, picture: Path = PICTURE) -> None:
    """Puts the run into the document and draws the picture. Raises ValueError where the document has no markers."""
    text = document.read_text(encoding="utf-8")
    before, begins, rest = text.partition(BEGINS)
    _, ends, after = rest.partition(ENDS)
    if not begins or not ends:
        raise ValueError(f"{document} has no markers for the figures")
    document.write_text(f"{before}{BEGINS}\n\n{_figures(run)}\n\n{ENDS}{after}", encoding="utf-8")
    title = f"Measured against floors, {run.machine['date']}, {run.machine['cores']} cores, size {run.size.name}"
    picture.write_text(svg(shown(run.measured, run.size), title), encoding="utf-8")


def _figures(run: Run) -> str:
    notes = "\n".join(f"- {each}" for each in report.notes(run))
    return "\n\n".join([notes, report.markdown(report.ratios(run)), report.markdown(report.measured(run))])
