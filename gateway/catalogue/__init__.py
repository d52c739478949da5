"""The SQL database: models, statements, transactions, migrations."""

from gateway.catalogue.catalogue import Catalogue, Transaction

__all__ = ["Catalogue", "Transaction"]
