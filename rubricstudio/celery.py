"""The Celery application, and the sign of life that the page header shows."""

from __future__ import annotations

import os
import sys
from typing import Any

from celery import Celery, bootsteps
from celery.signals import heartbeat_sent, task_postrun, worker_init
from kombu.transport import redis as redis_transport
from redis.exceptions import ConnectionError as BrokerLost

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rubricstudio.settings")

app = Celery("rubricstudio")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@heartbeat_sent.connect
def report_alive(sender: Any, **_: object) -> None:
    """Record the worker's sign of life every time it sends one (every 2 s)."""
    from rubricstudio.workers import report_heartbeat

    report_heartbeat(node=str(sender.eventer.hostname))


@task_postrun.connect
def report_device(task: Any, **_: object) -> None:
    """Record what a worker computes on, where it has loaded what computes.

    Sent from the process that holds the model: the one that sends signs of life has none.
    """
    if "torch" not in sys.modules or not task.request.hostname:
        return
    from rubricstudio.workers import report_facts
    from scoring.judges.local_device import device_facts

    report_facts(node=str(task.request.hostname), facts=device_facts())


class PatientChannel(redis_transport.Channel):
    """A channel whose end is met as the loss of a connection that it is.

    kombu 5.7 closes a lost connection twice. The second time the channel asks a client that is
    gone for its address, and the AttributeError ends the worker: a restart of the broker would.
    """

    def _connparams(self, asynchronous: bool = False) -> Any:
        if self.connection.client is None:
            raise BrokerLost("The connection of this channel is closed.")
        plain: Any = super()
        return plain._connparams(asynchronous)


@worker_init.connect
def outlive_the_broker(**_: object) -> None:
    """Have the worker connect again once its broker is back."""
    redis_transport.Transport.Channel = PatientChannel


class TakeUpWhatWasLeft(bootsteps.StartStopStep):
    """Queue open batches again when a worker starts, and when its broker is back.

    A worker that was killed took its messages along, and a run that was started while the
    broker was away has none.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, parent: Any) -> None:
        """Each time the worker has connected to the broker."""
        queue = str(parent.hostname).partition("@")[0]
        app.send_task("scoring.tasks.requeue_unfinished", kwargs={"queue": queue}, queue=queue)
        if queue == "gpu":
            # Texts that were published while no worker could say what they mean.
            app.send_task("scoring.tasks.index_library", queue=queue)

    def stop(self, parent: Any) -> None:
        """Nothing is held."""


app.steps["consumer"].add(TakeUpWhatWasLeft)
