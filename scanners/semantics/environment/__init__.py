"""What the rules about images, manifests and pipelines know."""
