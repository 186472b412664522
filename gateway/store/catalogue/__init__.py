"""What is held, by study, series and instance: answers queries without reading a file."""

from gateway.store.catalogue.catalogue import Catalogue

__all__ = ["Catalogue"]
