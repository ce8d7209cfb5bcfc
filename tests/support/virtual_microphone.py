"""Microphones that a test speaks into: a PulseAudio server of our own with null sinks, one for each microphone.

What is played into the sink is heard at the microphone, as a real sound system gives it: resampled, in its own
time. A microphone can be pulled out, be held (no sound comes any more) or be muted.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

SECONDS = 60.0
RATES = {"hand": 16_000, "telephone": 8_000, "desk": 44_100, "table": 48_000}
"""Name of each microphone and its rate. The first is the system's default."""


class SoundServer:
    """One PulseAudio without hardware. `PULSE_SERVER` leads this process and its children to it."""

    def __init__(self) -> None:
        self.folder = Path(mkdtemp(prefix="lyskasse-sound-"))
        self.socket = self.folder / "socket"
        self.address = f"unix:{self.socket}"
        self._players: list[subprocess.Popen[bytes]] = []
        self._start()

    def _start(self) -> None:
        """Each sink hears lasting silence besides: an idle sink gives its sound in pieces of two seconds."""
        own = {"HOME": self.folder, "XDG_RUNTIME_DIR": self.folder, "PULSE_RUNTIME_PATH": self.folder}
        modules = [f"module-native-protocol-unix socket={self.socket} auth-anonymous=1"]
        modules += [f"module-null-sink sink_name={name}.sink rate={rate} channels=1" for name, rate in RATES.items()]
        options = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disallow-exit=yes"]
        loads = [part for module in modules for part in ("-L", module)]
        self._server = subprocess.Popen(
            ["pulseaudio", *options, *loads],
            env={**os.environ, **{name: str(path) for name, path in own.items()}},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._until(lambda: self.socket.exists() and self._pactl("info").returncode == 0, "the sound server")
        for name in RATES:
            self.plug_in(name)
            self._play(name, Path("/dev/zero"), raw=True)
        self._pactl("set-default-source", next(iter(RATES)))

    def close(self) -> None:
        self.hush()
        self._server.kill()
        self._server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def hush(self) -> None:
        for player in self._players:
            player.kill()
            player.wait()
        self._players.clear()

    # ---- what a test does --------------------------------------------------------------

    def say(self, name: str, recording: Path) -> subprocess.Popen[bytes]:
        """Play a recording into the microphone; it goes on while the test does."""
        return self._play(name, recording)

    def plug_in(self, name: str) -> None:
        self._pactl("load-module", "module-remap-source", f"master={name}.sink.monitor", f"source_name={name}",
                    f"source_properties=device.description={name.capitalize()}")  # fmt: skip
        self._until(lambda: self._sources().count(name) == 1, f"{name} to be plugged in")

    def pull_out(self, name: str) -> None:
        found = self._pactl("list", "short", "modules").stdout.splitlines()
        number = next(line.split()[0] for line in found if f"source_name={name}" in line.split("\t")[2].split())
        self._pactl("unload-module", number)
        self._until(lambda: name not in self._sources(), f"{name} to be pulled out")

    def hold(self, name: str, on: bool = True) -> None:
        """Another program has it: it stays listed and gives nothing."""
        self._pactl("suspend-source", name, str(int(on)))

    def mute(self, name: str, on: bool = True) -> None:
        self._pactl("set-source-mute", name, str(int(on)))

    # ---- inside ------------------------------------------------------------------------

    def _play(self, name: str, recording: Path, raw: bool = False) -> subprocess.Popen[bytes]:
        kind = ["--raw", "--rate=16000", "--channels=1"] if raw else []
        command = ["paplay", f"--server={self.address}", f"--device={name}.sink", "--latency-msec=40", *kind, str(recording)]
        player = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._players.append(player)
        return player

    def _sources(self) -> list[str]:
        return [line.split("\t")[1] for line in self._pactl("list", "short", "sources").stdout.splitlines()]

    def _pactl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["pactl", f"--server={self.address}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)

    @staticmethod
    def _until(holds: object, what: str) -> None:
        assert callable(holds)
        give_up = time.monotonic() + SECONDS
        while not holds():
            assert time.monotonic() < give_up, f"waited in vain for {what}"
            time.sleep(0.05)


@contextmanager
def sound_server() -> Iterator[SoundServer]:
    before = os.environ.get("PULSE_SERVER")
    server = SoundServer()
    os.environ["PULSE_SERVER"] = server.address
    try:
        yield server
    finally:
        server.close()
        if before is None:
            os.environ.pop("PULSE_SERVER")
        else:
            os.environ["PULSE_SERVER"] = before
