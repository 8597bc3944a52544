"""What is counted and timed, for Prometheus; labels are codes, never people or conversations."""

from __future__ import annotations

from collections import Counter as Tally

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """One registry for each application, so that two in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.turns = Counter(
            "faro_turns", "Messages answered, by who answered.", ["by"], registry=self.registry
        )
        self.languages = Counter(
            "faro_turn_languages", "Messages answered, by language.", ["language"], registry=self.registry
        )
        self.seconds = Histogram(
            "faro_turn_seconds",
            "Time from a message's arrival to its reply.",
            registry=self.registry,
            buckets=_SECONDS,
        )
        self.engine_seconds = Histogram(
            "faro_engine_seconds", "Time that the engine took.", registry=self.registry, buckets=_SECONDS
        )
        self.apologies = Counter(
            "faro_apologies", "Apologies, by what was wrong.", ["code"], registry=self.registry
        )
        self.alarms = Counter("faro_alarms", "Alarms raised.", ["kind"], registry=self.registry)
        self.emergencies = Counter(
            "faro_emergencies", "Emergencies answered.", ["kind"], registry=self.registry
        )
        self.third_languages = Counter(
            "faro_third_languages", "Messages in another language.", ["language"], registry=self.registry
        )
        self.fallbacks = Counter(
            "faro_fallbacks", "Messages not understood.", ["language"], registry=self.registry
        )
        self.consents = Counter(
            "faro_consents", "Answers to the question of consent.", ["answer"], registry=self.registry
        )
        self.ratings = Counter("faro_ratings", "Ratings of answers.", ["rating"], registry=self.registry)
        self.problems = Counter("faro_problems", "Requests refused.", ["code"], registry=self.registry)
        self.store_failures = Counter(
            "faro_store_failures", "Writes that the database did not take.", registry=self.registry
        )
        self.conversations = Gauge(
            "faro_conversations_in_memory", "Conversations held in memory.", registry=self.registry
        )
        self.streams = Gauge("faro_event_streams", "Open event streams.", registry=self.registry)
        self.whatsapp_received = Counter(
            "faro_whatsapp_received",
            "What providers posted: new messages, repeated ones, statuses, posts refused.",
            ["provider", "what"],
            registry=self.registry,
        )
        self.whatsapp_ended = Counter(
            "faro_whatsapp_ended", "WhatsApp messages, by how they ended.", ["how"], registry=self.registry
        )
        self.whatsapp_seconds = Histogram(
            "faro_whatsapp_seconds",
            "Time from a WhatsApp message's arrival to its reply being queued.",
            registry=self.registry,
            buckets=(*_SECONDS, 30.0, 60.0, 120.0),
        )
        self.whatsapp_sent = Counter(
            "faro_whatsapp_sent",
            "Sendings to WhatsApp, by what came of them.",
            ["outcome"],
            registry=self.registry,
        )
        self.whatsapp_waiting = Gauge(
            "faro_whatsapp_waiting",
            "What waits on WhatsApp: messages, people, set aside, and what has not gone out.",
            ["what"],
            registry=self.registry,
        )
        self.whatsapp_oldest = Gauge(
            "faro_whatsapp_oldest_seconds", "Age of the oldest message that waits.", registry=self.registry
        )
        self._tally: Tally[str] = Tally()
        self._figures: Tally[tuple[str, str, str]] = Tally()

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)

    def tally(self, name: str) -> None:
        """Adds one to a counter that the store keeps by day."""
        self._tally[name] += 1

    def take_tally(self) -> dict[str, int]:
        """What was counted since the last time."""
        taken = dict(self._tally)
        self._tally.clear()
        return taken

    def put_back(self, values: dict[str, int]) -> None:
        """Counts again what the store did not take."""
        self._tally.update(values)

    def figure(self, name: str, language: str, channel: str) -> None:
        """Adds one to a figure of the day."""
        self._figures[name, language, channel] += 1

    def take_figures(self) -> dict[tuple[str, str, str], int]:
        """What was counted for figures since the last time, by name, language and channel."""
        taken = dict(self._figures)
        self._figures.clear()
        return taken

    def put_back_figures(self, values: dict[tuple[str, str, str], int]) -> None:
        """Counts again what the store did not take."""
        self._figures.update(values)
