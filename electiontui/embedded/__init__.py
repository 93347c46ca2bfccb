"""A real etcd for demos, notebooks and tests: started on free ports of this machine, gone without a trace after.

::

    async with EmbeddedEtcd() as etcd:          # or, where no event loop runs: with EmbeddedEtcd() as etcd
        async with Client(etcd.endpoints) as client: ...

The processes and their temporary folder belong to a small supervisor that ends with this program, also if it is
killed. ctrl+c in a terminal does not reach them, so a program can still resign on its way out.
"""

from .binary import EtcdNotFound, find_etcd
from .cluster import EmbeddedEtcd, EmbeddedMember, EtcdFailed

__all__ = ["EmbeddedEtcd", "EmbeddedMember", "EtcdFailed", "EtcdNotFound", "find_etcd"]
