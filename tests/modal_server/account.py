"""The small things of an account: apps, environments, images, tokens, secrets."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from google.protobuf.empty_pb2 import Empty
from grpclib.const import Status
from grpclib.exceptions import GRPCError
from modal_proto import api_pb2

from tests.modal_server.misbehaviour import Misbehaviour
from tests.modal_server.rpc import not_found

SUCCESS = api_pb2.GenericResult(status=api_pb2.GenericResult.GENERIC_STATUS_SUCCESS)
CREATE = api_pb2.OBJECT_CREATION_TYPE_CREATE_IF_MISSING
CREATE_NEW = api_pb2.OBJECT_CREATION_TYPE_CREATE_FAIL_IF_EXISTS
OVERWRITE = api_pb2.OBJECT_CREATION_TYPE_CREATE_OVERWRITE_IF_EXISTS


def signed(seconds: float = 3600) -> str:
    """A token in the form of a JWT; nobody checks its signature."""

    def part(value: Mapping[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part({'exp': time.time() + seconds})}.c2ln"


class Account:
    """Apps, images and secrets by name. `secrets` maps a name to its keys and values."""

    def __init__(self, secrets: Mapping[str, Mapping[str, str]], misbehave: Misbehaviour) -> None:
        self.secrets = {name: dict(values) for name, values in secrets.items()}
        self.apps: dict[str, str] = {}
        self.images: dict[str, list[str]] = {}
        self.built: set[str] = set()
        self._misbehave = misbehave

    def secret_values(self, secret_id: str) -> dict[str, str]:
        return self.secrets[secret_id.removeprefix("st-")]

    def methods(self) -> dict[str, Callable[[Any], Any]]:
        return {
            "ClientHello": lambda _: api_pb2.ClientHelloResponse(image_builder_version="2025.06"),
            "AuthTokenGet": lambda _: api_pb2.AuthTokenGetResponse(token=signed()),
            "EnvironmentGetOrCreate": self._environment,
            "AppGetOrCreate": self._app,
            "AppClientDisconnect": lambda _: Empty(),
            "AppHeartbeat": lambda _: Empty(),
            "ImageGetOrCreate": self._image,
            "ImageJoinStreaming": self._build,
            "SecretGetOrCreate": self._secret,
            "SecretList": self._secret_list,
        }

    def _environment(self, request: Any) -> Any:
        return api_pb2.EnvironmentGetOrCreateResponse(
            environment_id="en-1",
            metadata=api_pb2.EnvironmentMetadata(
                name=request.deployment_name or "main",
                settings=api_pb2.EnvironmentSettings(image_builder_version="2025.06"),
            ),
        )

    def _app(self, request: Any) -> Any:
        name = request.app_name
        if name not in self.apps:
            if request.object_creation_type != CREATE:
                raise not_found(f"App '{name}'")
            self.apps[name] = f"ap-{len(self.apps) + 1}"
        return api_pb2.AppGetOrCreateResponse(app_id=self.apps[name])

    def _image(self, request: Any) -> Any:
        commands = list(request.image.dockerfile_commands)
        same = [image_id for image_id, known in self.images.items() if known == commands]
        image_id = same[0] if same else f"im-{len(self.images) + 1}"
        self.images[image_id] = commands
        result = SUCCESS if image_id in self.built else api_pb2.GenericResult()
        return api_pb2.ImageGetOrCreateResponse(image_id=image_id, result=result)

    async def _build(self, request: Any) -> AsyncIterator[Any]:
        commands = self.images[request.image_id]
        wrong = self._misbehave.build_fails
        for number, command in enumerate(commands, start=1):
            await asyncio.sleep(self._misbehave.build_seconds / max(1, len(commands)))
            words = f"=> Step {number}: {command}\n"
            failed = bool(wrong) and wrong in command
            if failed:
                words += f"ERROR: No matching distribution found for {wrong}\n"
            yield api_pb2.ImageJoinStreamingResponse(
                task_logs=[api_pb2.TaskLogs(data=words, timestamp=time.time())], entry_id=str(number)
            )
            if failed:
                failure = api_pb2.GenericResult(
                    status=api_pb2.GenericResult.GENERIC_STATUS_FAILURE,
                    exception=f"No matching distribution found for {wrong}",
                )
                yield api_pb2.ImageJoinStreamingResponse(result=failure, eof=True)
                return
        self.built.add(request.image_id)
        yield api_pb2.ImageJoinStreamingResponse(result=SUCCESS, eof=True)

    def _secret(self, request: Any) -> Any:
        name, how = request.deployment_name, request.object_creation_type
        if how == CREATE_NEW and name in self.secrets:
            raise GRPCError(Status.ALREADY_EXISTS, f"Secret '{name}' already exists")
        if how in (CREATE_NEW, OVERWRITE):
            self.secrets[name] = dict(request.env_dict)
        if name not in self.secrets:
            raise not_found(f"Secret '{name}'")
        missing = sorted(set(request.required_keys) - set(self.secrets[name]))
        if missing:
            raise GRPCError(
                Status.NOT_FOUND, f"Secret is missing key(s) {', '.join(missing)}, and can not be used"
            )
        return api_pb2.SecretGetOrCreateResponse(
            secret_id=f"st-{name}", metadata=api_pb2.SecretMetadata(name=name)
        )

    def _secret_list(self, _: Any) -> Any:
        items = [api_pb2.SecretListItem(label=name, secret_id=f"st-{name}") for name in self.secrets]
        return api_pb2.SecretListResponse(items=items)
