"""The control plane's calls about volumes, of both versions."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from google.protobuf.empty_pb2 import Empty
from grpclib.const import Status
from grpclib.exceptions import GRPCError
from modal_proto import api_pb2

from tests.modal_server.account import CREATE, CREATE_NEW
from tests.modal_server.blocks import BLOCK, Blocks
from tests.modal_server.volumes import StoredVolume, Volumes

V1, V2 = api_pb2.VOLUME_FS_VERSION_V1, api_pb2.VOLUME_FS_VERSION_V2


class VolumeCalls:
    """Both versions read alike; they are written in different ways."""

    def __init__(self, volumes: Volumes, blocks: Blocks) -> None:
        self._volumes = volumes
        self._blocks = blocks
        self._numbers = itertools.count(1)
        self._mounted_files: dict[str, str] = {}

    def methods(self) -> dict[str, Callable[[Any], Any]]:
        return {
            "VolumeGetOrCreate": self._get_or_create,
            "VolumeList": self._list_volumes,
            "VolumeDelete": self._delete,
            "VolumeListFiles": self._list,
            "VolumeListFiles2": self._list,
            "VolumeGetFile2": self._get_file,
            "VolumePutFiles2": self._put_files,
            "VolumePutFiles": self._put_files_v1,
            "MountPutFile": self._mount_put,
            "BlobCreate": self._blob_create,
            "VolumeRemoveFile": self._remove,
            "VolumeRemoveFile2": self._remove,
            "VolumeCopyFiles": self._copy,
            "VolumeCopyFiles2": self._copy,
            "VolumeReload": lambda _: Empty(),
        }

    def _metadata(self, volume: StoredVolume) -> Any:
        return api_pb2.VolumeMetadata(
            version=V2 if volume.version == 2 else V1,
            name=volume.name,
            creation_info=api_pb2.CreationInfo(created_at=volume.created_at, created_by="loopback"),
        )

    def _get_or_create(self, request: Any) -> Any:
        name, how = request.deployment_name, request.object_creation_type
        if how == CREATE_NEW and name in {volume.name for volume in self._volumes}:
            raise GRPCError(Status.ALREADY_EXISTS, f"Volume '{name}' already exists")
        if how in (CREATE, CREATE_NEW):
            volume = self._volumes.create(name, 2 if request.version == V2 else 1)
        else:
            volume = self._volumes.named(name)
        metadata = self._metadata(volume)
        return api_pb2.VolumeGetOrCreateResponse(
            volume_id=volume.id, version=metadata.version, metadata=metadata
        )

    def _list_volumes(self, _: Any) -> Any:
        items = [
            api_pb2.VolumeListItem(
                label=one.name, volume_id=one.id, created_at=one.created_at, metadata=self._metadata(one)
            )
            for one in self._volumes
        ]
        return api_pb2.VolumeListResponse(items=items, environment_name="main")

    def _delete(self, request: Any) -> Any:
        shutil.rmtree(self._volumes.by_id(request.volume_id).files, ignore_errors=True)
        return Empty()

    async def _list(self, request: Any) -> AsyncIterator[Any]:
        volume = self._volumes.by_id(request.volume_id)
        at = volume.existing(request.path)
        below = at.rglob("*") if request.recursive else at.iterdir()
        paths = sorted(below) if at.is_dir() else [at]
        kind = api_pb2.VolumeListFiles2Response if volume.version == 2 else api_pb2.VolumeListFilesResponse
        for first in range(0, len(paths), 500):
            yield kind(entries=[_entry(volume, path) for path in paths[first : first + 500]])

    def _get_file(self, request: Any) -> Any:
        path = self._volumes.by_id(request.volume_id).existing(request.path)
        if path.is_dir():
            raise GRPCError(Status.INVALID_ARGUMENT, f"{request.path!r} is a directory")
        size = path.stat().st_size
        start = min(request.start, size)
        length = min(request.len or size, size - start)
        urls = self._blocks.range_urls(path, start, length)
        return api_pb2.VolumeGetFile2Response(get_urls=urls, size=size, start=start, len=length)

    def _put_files(self, request: Any) -> Any:
        volume = self._volumes.by_id(request.volume_id)
        self._refuse_existing(volume, [file.path for file in request.files], request)
        missing = [
            api_pb2.VolumePutFiles2Response.MissingBlock(
                file_index=file_index,
                block_index=block_index,
                put_url=self._blocks.put_url(block.contents_sha256.hex()),
            )
            for file_index, file in enumerate(request.files)
            for block_index, block in enumerate(file.blocks)
            if not self._blocks.has(block.contents_sha256.hex())
        ]
        volume.room_for(sum(file.size for file in request.files))
        if not missing:
            for file in request.files:
                digests = [block.contents_sha256.hex() for block in file.blocks]
                self._assemble(volume.inside(file.path), digests, file.size)
        return api_pb2.VolumePutFiles2Response(missing_blocks=missing)

    def _refuse_existing(self, volume: StoredVolume, paths: list[str], request: Any) -> None:
        for path in paths:
            found = volume.inside(path)
            if found.is_dir():
                raise GRPCError(Status.INVALID_ARGUMENT, f"{path!r} is a directory")
            if request.disallow_overwrite_existing_files and found.exists():
                raise GRPCError(Status.ALREADY_EXISTS, f"{path!r} already exists")

    def _assemble(self, target: Path, digests: list[str], size: int) -> None:
        """Blocks come without their trailing zeros; a file appears whole, in one step."""
        target.parent.mkdir(parents=True, exist_ok=True)
        whole = target.with_name(".loopback-part")
        with whole.open("wb") as file:
            for index, digest in enumerate(digests):
                file.seek(index * BLOCK)
                file.write(self._blocks.path(digest).read_bytes())
            file.truncate(size)
        whole.replace(target)

    def _mount_put(self, request: Any) -> Any:
        digest = request.sha256_hex
        if request.data:
            self._mounted_files[digest] = self._blocks.keep(request.data)
        elif request.data_blob_id:
            self._mounted_files[digest] = request.data_blob_id
        empty = digest == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        return api_pb2.MountPutFileResponse(exists=empty or digest in self._mounted_files)

    def _blob_create(self, _: Any) -> Any:
        blob_id = f"blob-{next(self._numbers)}"
        return api_pb2.BlobCreateResponse(blob_id=blob_id, upload_url=self._blocks.put_url(blob_id))

    def _put_files_v1(self, request: Any) -> Any:
        volume = self._volumes.by_id(request.volume_id)
        self._refuse_existing(volume, [file.filename for file in request.files], request)
        volume.room_for(sum(file.size for file in request.files))
        for file in request.files:
            stored = self._mounted_files.get(file.sha256_hex)
            target = volume.inside(file.filename)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(b"" if stored is None else self._blocks.path(stored).read_bytes())
        return Empty()

    def _remove(self, request: Any) -> Any:
        path = self._volumes.by_id(request.volume_id).existing(request.path)
        if not path.is_dir():
            path.unlink()
        elif request.recursive:
            shutil.rmtree(path)
        else:
            raise GRPCError(Status.INVALID_ARGUMENT, f"{request.path!r} is a directory")
        return Empty()

    def _copy(self, request: Any) -> Any:
        volume = self._volumes.by_id(request.volume_id)
        target = volume.inside(request.dst_path)
        for source in map(volume.existing, request.src_paths):
            if source.is_dir() and not request.recursive:
                raise GRPCError(Status.INVALID_ARGUMENT, f"{source.name!r} is a directory")
            into = target / source.name if target.is_dir() else target
            into.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, into)
            else:
                volume.room_for(source.stat().st_size)
                shutil.copy2(source, into)
        return Empty()


def _entry(volume: StoredVolume, path: Path) -> Any:
    kinds = api_pb2.FileEntry.FileType
    whole = kinds.DIRECTORY if path.is_dir() else kinds.FILE
    kind = kinds.SYMLINK if path.is_symlink() else whole
    stat = path.lstat()
    return api_pb2.FileEntry(
        path=str(path.relative_to(volume.files.resolve())),
        type=kind,
        mtime=int(stat.st_mtime),
        size=0 if kind == kinds.DIRECTORY else stat.st_size,
    )
