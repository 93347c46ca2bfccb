"""The one place that speaks etcd: aetcd and gRPC are imported in this package and nowhere else."""

from .store import EtcdStore

__all__ = ["EtcdStore"]
