"""`./relais bench`: how fast the hub is, beside a floor program that does the bare minimum in the same run."""

from deploy.bench.command import app

__all__ = ["app"]
