"""What monitors see of the warehouse: metrics of each step, its health, and where its rows come from."""
