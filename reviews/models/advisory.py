from datetime import date

from django.db import models


class Advisory(models.Model):
    """One published fault of packages, as its newest record says.

    `packed` is zlib-compressed JSON: what matching needs of the OSV record; `digest` is that of this content. `source`
    is where it was read last. `gone`: its source holds it no more.
    """

    ident = models.CharField(max_length=200, unique=True)
    modified = models.DateField(null=True)
    withdrawn = models.BooleanField(default=False)
    gone = models.BooleanField(default=False)
    digest = models.CharField(max_length=64)
    source = models.CharField(max_length=500)
    packed = models.BinaryField()

    class Meta:
        verbose_name_plural = "advisories"

    def __str__(self) -> str:
        return self.ident


class AdvisoryPackage(models.Model):
    """A package that an advisory names, written as indexes compare names."""

    advisory = models.ForeignKey(Advisory, on_delete=models.CASCADE, related_name="packages")
    name = models.CharField(max_length=200)

    class Meta:
        indexes = (models.Index(fields=["name"], name="advisory_package_name"),)
        constraints = (models.UniqueConstraint(fields=["advisory", "name"], name="advisory_package_once"),)

    def __str__(self) -> str:
        return self.name


class AdvisoryLoad(models.Model):
    """One state of all advisories, and the load that made it; one that changed nothing only moves its times.

    Most records come from one source; a few of one's own do not make the rest newer. `as_of` is the day of its
    newest record or commit, `read_on` the day on which it was read, `is_live` whether from where it is kept current.
    `settled_at` is empty until the repositories were compared with it.
    """

    SILENT_DAYS = 30

    source = models.CharField(max_length=500)
    loaded_at = models.DateTimeField()
    as_of = models.DateField()
    read_on = models.DateField()
    is_live = models.BooleanField(default=False)
    commit = models.CharField(max_length=64, blank=True, default="")
    digest = models.CharField(max_length=64)
    records = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    gone = models.PositiveIntegerField(default=0)
    unreadable = models.PositiveIntegerField(default=0)
    unreadable_names = models.JSONField(default=list, help_text="The first of them.")
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"advisories of {self.as_of}"

    @property
    def current_on(self) -> date:
        """The last day on which these were all that was known.

        A file proves its newest record. Reading where records are kept proves that nothing is newer, unless that place
        was silent for so long that nobody may tend it any more.
        """
        proves = self.is_live and (self.read_on - self.as_of).days <= self.SILENT_DAYS
        return max(self.read_on, self.as_of) if proves else self.as_of


class AdvisoryReading(models.Model):
    """The only row: who reads advisories now, and how the last attempt of the job went.

    Held until `until`. `code`, `problem` and `next_step` are empty after a success.
    """

    attempted_at = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0, help_text="In a row.")
    code = models.CharField(max_length=60, blank=True, default="")
    problem = models.TextField(blank=True, default="")
    next_step = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return "reading of advisories"
