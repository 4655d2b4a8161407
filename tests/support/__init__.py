"""What tests stand on: databases, links, clocks and actors. Nothing here is a test."""
