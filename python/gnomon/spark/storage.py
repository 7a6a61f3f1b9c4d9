"""Where the rows of a persisted data frame are kept."""

from __future__ import annotations

from typing import Any, ClassVar


class StorageLevel:
    DISK_ONLY: ClassVar[StorageLevel]
    MEMORY_ONLY: ClassVar[StorageLevel]
    MEMORY_AND_DISK: ClassVar[StorageLevel]
    MEMORY_AND_DISK_DESER: ClassVar[StorageLevel]
    OFF_HEAP: ClassVar[StorageLevel]
    NONE: ClassVar[StorageLevel]

    def __init__(
        self,
        useDisk: bool,
        useMemory: bool,
        useOffHeap: bool,
        deserialized: bool,
        replication: int = 1,
    ) -> None:
        self.useDisk, self.useMemory, self.useOffHeap = useDisk, useMemory, useOffHeap
        self.deserialized, self.replication = deserialized, replication

    def _fields(self) -> dict[str, Any]:
        return {
            "use_disk": self.useDisk,
            "use_memory": self.useMemory,
            "use_off_heap": self.useOffHeap,
            "deserialized": self.deserialized,
            "replication": self.replication,
        }

    @classmethod
    def _of(cls, message: dict[str, Any]) -> StorageLevel:
        names = ("use_disk", "use_memory", "use_off_heap", "deserialized")
        disk, memory, off_heap, deserialized = (bool(message.get(name)) for name in names)
        return cls(disk, memory, off_heap, deserialized, int(message.get("replication", 0)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StorageLevel) and self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash(tuple(self._fields().values()))

    def __repr__(self) -> str:
        return f"StorageLevel{tuple(self._fields().values())}"


StorageLevel.NONE = StorageLevel(False, False, False, False)
StorageLevel.DISK_ONLY = StorageLevel(True, False, False, False)
StorageLevel.MEMORY_ONLY = StorageLevel(False, True, False, False)
StorageLevel.MEMORY_AND_DISK = StorageLevel(True, True, False, False)
StorageLevel.MEMORY_AND_DISK_DESER = StorageLevel(True, True, False, True)
StorageLevel.OFF_HEAP = StorageLevel(True, True, True, False)
