"""Keys over two columns, which Django cannot declare: a response stays in its task's
project, a preference within one task."""

from django.db import migrations

ADD = """
ALTER TABLE studio_response ADD CONSTRAINT response_in_project_of_task
    FOREIGN KEY (task_id, project_id) REFERENCES studio_task (id, project_id);
ALTER TABLE studio_preference ADD CONSTRAINT preference_a_in_task
    FOREIGN KEY (response_a_id, task_id) REFERENCES studio_response (id, task_id);
ALTER TABLE studio_preference ADD CONSTRAINT preference_b_in_task
    FOREIGN KEY (response_b_id, task_id) REFERENCES studio_response (id, task_id);
"""
DROP = """
ALTER TABLE studio_preference DROP CONSTRAINT preference_b_in_task;
ALTER TABLE studio_preference DROP CONSTRAINT preference_a_in_task;
ALTER TABLE studio_response DROP CONSTRAINT response_in_project_of_task;
"""


class Migration(migrations.Migration):
    dependencies = [("rubricstudio", "0001_initial")]
    operations = [migrations.RunSQL(ADD, DROP)]
