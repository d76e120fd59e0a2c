"""`./relais demo`: a whole parcours between the demonstration partners, each with its own key, over the public API."""

from deploy.demo.command import app

__all__ = ["app"]
