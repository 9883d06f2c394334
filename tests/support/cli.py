"""Runs the command line program `chaperone` as one identity."""
import json
import os
import subprocess

from tests.support.programs import program


class CliError(Exception):
    """The program ended with another exit code than 0."""

    def __init__(self, arguments, done):
        super().__init__(f"chaperone {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        self.code, self.stdout, self.stderr = done.returncode, done.stdout, done.stderr


class Cli:
    """The CLI with a certificate. Everything it prints is also appended to `transcript`, so that it can be searched."""

    def __init__(self, address, ca, certificate, key, transcript=None):
        self.env = {"CHAPERONE_ADDRESS": address, "CHAPERONE_CA": str(ca), "CHAPERONE_CERT": str(certificate),
                    "CHAPERONE_KEY": str(key)}
        self.transcript = transcript

    def run(self, *arguments, check=True, seconds=60):
        """Runs it; the finished process with its output as text."""
        done = subprocess.run([str(program("chaperone")), *map(str, arguments)], env=dict(os.environ, **self.env),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds)
        if self.transcript:
            with open(self.transcript, "a") as transcript:
                transcript.write(f"$ chaperone {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}")
        if check and done.returncode:
            raise CliError(list(map(str, arguments)), done)
        return done

    def __call__(self, *arguments, **options):
        """Runs it and returns standard output. Raises CliError."""
        return self.run(*arguments, **options).stdout

    def json(self, *arguments, **options):
        """Runs it with -o json and returns what it printed, decoded. One document, or one a line as a list."""
        text = self(*arguments, "-o", "json", **options)
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return [json.loads(line) for line in text.splitlines() if line.strip()]

    def popen(self, *arguments, **options):
        """Starts it and returns the process, for commands that go on by themselves (watch, tail)."""
        return subprocess.Popen([str(program("chaperone")), *map(str, arguments)], env=dict(os.environ, **self.env),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)

    def token(self, subject, *, groups=("coding-agents",), human=None, task=None, ttl="1h"):
        """A token of the development issuer."""
        arguments = ["token", "mint", "--subject", subject, "--groups", ",".join(groups), "--ttl", ttl]
        arguments += ["--human", human] if human else []
        arguments += ["--task", task] if task else []
        # Not through __call__: a transcript that is searched for secrets need not hold tokens.
        done = subprocess.run([str(program("chaperone")), *arguments], env=dict(os.environ, **self.env),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
        if done.returncode:
            raise CliError(arguments, done)
        return done.stdout.strip()
