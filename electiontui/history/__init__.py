"""Who led when, kept in a file: every term and transition, and when etcd was watched at all."""
