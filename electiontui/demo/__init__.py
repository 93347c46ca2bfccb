"""Elections to look at: an etcd of its own and candidates that really campaign, proclaim, resign and crash."""
