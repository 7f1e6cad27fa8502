"""HTTP shared by all surfaces: who asks, what an error looks like, how often one may ask."""
