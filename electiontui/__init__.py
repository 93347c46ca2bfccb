"""A terminal dashboard for every leader election of an etcd cluster, its command line and its notebook views."""

__version__ = "0.1.0"
