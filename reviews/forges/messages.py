"""
What the outbox holds for forges, before and after: rows are written in the transaction that they tell of.

    status(repository, Status(commit, State.SUCCESS, "Level silver; 2 findings fixed.", url))
    comment(pull_request, markdown)

Of one topic (a commit's status, a pull request's comment) only the newest message counts: older ones that still wait
are superseded. Nothing is written when the repository's forge is not to be told.
"""
