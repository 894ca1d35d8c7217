from django.db import models


class BlobResult(models.Model):
    """What the rules said about one blob, for ever: the key holds everything that can change the answer.

    `result` is the child's JSON line, zlib-compressed. Rows are shared by every repository and branch that holds the
    same bytes; a row can be dropped at any time and costs one scan of the blob.
    """

    sha = models.CharField(max_length=64)
    path_class = models.CharField(max_length=60)
    rule_set = models.CharField(max_length=64)
    result = models.BinaryField()
    used_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["rule_set", "sha", "path_class"], name="blob_result_once"),)

    def __str__(self) -> str:
        return f"{self.sha[:8]} as {self.path_class}"
