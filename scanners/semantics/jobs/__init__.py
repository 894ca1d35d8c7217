"""What makes a def a background job, what hands work to one, and what says when it runs."""
