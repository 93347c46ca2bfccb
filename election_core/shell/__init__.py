"""The shell: asyncio around the core. It speaks to the ports `store` and `clock`, never to etcd itself."""
