"""What a view knows, as metrics of Prometheus: counted in the loop that watches, read by threads that are asked."""
