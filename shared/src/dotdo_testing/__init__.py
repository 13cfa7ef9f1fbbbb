"""What several packages share in their tests."""
