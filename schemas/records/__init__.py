"""The record types, one file each: read them as the definition of what Doorstep records."""
