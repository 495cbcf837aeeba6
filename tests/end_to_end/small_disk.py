"""A small disk of its own for a test: an ext4 file system in a file, so that it can be full, break down, and be mended."""
import contextlib, os, subprocess
from pathlib import Path

from system import skip


def run(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True)


class SmallDisk:
    """Mounted at `directory` within its block. Needs root and loop devices; else the test is skipped."""

    def __init__(self, directory, size_mb, block_bytes=4096):
        self.directory, self.image, self.size_mb, self.block_bytes = Path(directory), Path(f"{directory}.img"), size_mb, block_bytes

    def __enter__(self):
        self.directory.mkdir()
        with open(self.image, "wb") as file:
            file.truncate(self.size_mb << 20)
        made = run("mkfs.ext4", "-q", "-m", "0", "-b", self.block_bytes, self.image)
        if made.returncode:
            skip(f"no ext4 can be made: {made.stderr.strip()}")
        problem = self.mount()
        if problem:
            self.directory.rmdir()
            skip(f"nothing can be mounted here: {problem}")
        return self

    def __exit__(self, *_):
        self.unmount()

    def mount(self):
        return run("mount", "-o", "loop,errors=remount-ro", self.image, self.directory).stderr.strip()

    def unmount(self):
        if os.path.ismount(self.directory):
            # Lazily: the services may have been left running by a test that failed.
            run("umount", "--lazy", self.directory)

    def fill(self):
        """Not a byte is left."""
        with open(self.directory / "filler", "wb", buffering=0) as file:
            for size in (1 << 20, 1024):
                with contextlib.suppress(OSError):
                    while True:
                        os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, size)

    def empty(self):
        (self.directory / "filler").unlink()
        run("sync", "--file-system", self.directory)  # or it would be back after a break-down

    def break_down(self):
        """The kernel takes it for damaged: read-only from now on, though files are open for writing."""
        device = Path(run("findmnt", "-n", "-o", "SOURCE", self.directory).stdout.strip()).name
        Path(f"/sys/fs/ext4/{device}/trigger_fs_error").write_text("1")

    def freeze(self):
        """Whoever writes to it waits, until thaw()."""
        frozen = run("fsfreeze", "--freeze", self.directory)
        assert frozen.returncode == 0, frozen.stderr

    def thaw(self):
        run("fsfreeze", "--unfreeze", self.directory)

    def mend(self):
        """Nobody may have a file open on it."""
        unmounted = run("umount", self.directory)
        assert unmounted.returncode == 0, unmounted.stderr
        run("fsck.ext4", "-p", self.image)
        assert not self.mount()
