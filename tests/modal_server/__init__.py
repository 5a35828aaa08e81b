"""A Modal on the loopback interface, for the unmodified `modal` wheel: what no test could reach otherwise.

`LoopbackModal` speaks Modal's control plane and command router (gRPC, from `modal_proto`) and its volume
blocks (HTTP). Sandboxes are processes of this machine, each with a mount namespace of its own (bubblewrap) in
which its copy of the volume lies at the mount path. As in the real one, what a sandbox writes into a volume
is seen outside only after `sync` or its end, and what is changed outside is seen inside only after a reload.
`sync` is noticed when it is run by `exec`; a cell's own `os.sync()` is not.

    with LoopbackModal(directory) as server:
        os.environ.update(server.environment)

It can be told to misbehave while it runs: `server.misbehave`.
`python -m tests.modal_server --directory D` prints the environment and serves until it is ended.
"""

from tests.modal_server.misbehaviour import Misbehaviour
from tests.modal_server.server import LoopbackModal

__all__ = ["LoopbackModal", "Misbehaviour"]
