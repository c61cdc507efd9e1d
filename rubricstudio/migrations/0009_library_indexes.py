import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.db import migrations, models

import rubricstudio.models.texts


def wording():
    return django.db.models.functions.text.Concat(
        "name", models.Value("\n"), "description", output_field=models.TextField()
    )


def words(text):
    return django.contrib.postgres.search.SearchVector(
        django.db.models.functions.text.Left(text, 100000), config="simple"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("rubricstudio", "0008_dismissals_and_reading"),
    ]

    operations = [
        migrations.AddField(
            model_name="textvector",
            name="stored_at",
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AddIndex(
            model_name="criterion",
            index=models.Index(
                rubricstudio.models.texts.TextDigest("text"),
                condition=models.Q(("is_group", False)),
                name="criterion_digest",
            ),
        ),
        migrations.AddIndex(
            model_name="criterion",
            index=django.contrib.postgres.indexes.GinIndex(
                words("text"),
                condition=models.Q(("is_group", False)),
                name="criterion_words",
            ),
        ),
        migrations.AddIndex(
            model_name="libraryentry",
            index=models.Index(rubricstudio.models.texts.TextDigest("text"), name="library_digest"),
        ),
        migrations.AddIndex(
            model_name="libraryentry",
            index=django.contrib.postgres.indexes.GinIndex(words("text"), name="library_words"),
        ),
        migrations.AddIndex(
            model_name="rubric",
            index=models.Index(
                rubricstudio.models.texts.TextDigest(wording()), name="rubric_digest"
            ),
        ),
        migrations.AddIndex(
            model_name="rubric",
            index=django.contrib.postgres.indexes.GinIndex(words(wording()), name="rubric_words"),
        ),
    ]
