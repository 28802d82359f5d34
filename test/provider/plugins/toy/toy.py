"""A whole plugin: runs commands as plain processes on four made-up cards (docs/plugins.md explains each method)."""
import base64, ctypes, json, os, signal, subprocess, sys, threading, time

CARDS, leases, lock, setup = ["toy-0", "toy-1", "toy-2", "toy-3"], {}, threading.RLock(), {}
class Bad(Exception): pass
def fail(*why): raise Bad(*why)
def send(**message): print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)
def now(): return int(time.time() * 1000)
def lease_of(p): return leases[p["id"]] if p["id"] in leases else fail(-32005, f"There is no lease {p['id']}.")
def status(l): return {key: value for key, value in l.items() if key[0] != "_"}
def free(): return [c for c in CARDS if all(c not in l["cards"] or l["state"] == "exited" for l in leases.values())]

def initialize(p):
    "1" in p["protocols"] or fail(-32001, "This plugin speaks protocol 1.")
    setup.update(p["settings"], folder=p["folder"])
    return {"protocol": "1", "name": "toy", "version": "1.0.0", "capabilities": {"isolation": "none", "workloads": ["command"],
            "survives": False, "limits": ["cards", "seconds"], "usage": ["cards"], "features": []}}
def inventory(p): return {"cards": [{"class": setup.get("class", "TOY-1G"), "count": len(CARDS), "free": len(free())}]}
def start(p):
    want, cards = p["lease"], free()[: p["lease"]["limits"]["cards"]]
    if want["id"] in leases: return status(leases[want["id"]])  # the same lease again: nothing more is started
    if len(cards) < want["limits"]["cards"]: fail(-32004, "All cards are taken.")
    with open(os.path.join(setup["folder"], want["id"] + ".log"), "wb") as log:  # prctl 1: it dies when this process dies
        process = subprocess.Popen(want["command"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            env={"PATH": os.environ["PATH"], **want["env"]}, preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGKILL))
    leases[want["id"]] = {"id": want["id"], "state": "running", "cards": cards, "startedAt": now(), "_log": log.name,
                          "_process": process, "_end": now() + 1000 * want["limits"]["seconds"], "_grace": 5000, "_kill": None}
    return status(leases[want["id"]])
def stop(p):
    if lease_of(p)["state"] != "exited": leases[p["id"]].update(state="stopping", _end=0, _grace=p["graceMs"])
    return status(leases[p["id"]])
def logs(p):
    with open(lease_of(p)["_log"], "rb") as log: data = os.pread(log.fileno(), p["limit"], p["offset"])
    return {"base64": base64.b64encode(data).decode(), "complete": leases[p["id"]]["state"] == "exited" and len(data) < p["limit"]}
def usage(p): return {"cardMs": len(lease_of(p)["cards"]) * (leases[p["id"]].get("endedAt", now()) - leases[p["id"]]["startedAt"])}
def release(p):
    if p["id"] in leases: leases[p["id"]]["state"] == "exited" or fail(-32006, "It still runs: stop it first.")
    if p["id"] in leases: os.remove(leases.pop(p["id"])["_log"])
    return {}
def signal_all(l, number): l["state"] == "exited" or os.killpg(l["_process"].pid, number)
def shutdown(p): return {} if [signal_all(l, signal.SIGKILL) for l in leases.values()] else {}
METHODS = {"status": lambda p: status(lease_of(p)), "list": lambda p: {"leases": [status(l) for l in leases.values()]}, "stop": stop,
           **{f.__name__: f for f in (initialize, inventory, start, logs, usage, release, shutdown)}}
def answer(request):
    try:
        method = METHODS.get(request["method"]) or fail(-32601, f"There is no method {request['method']}.")
        send(id=request.get("id"), result=method(request.get("params", {})))
    except Bad as error: send(id=request.get("id"), error={"code": error.args[0], "message": error.args[1]})
    except (KeyError, TypeError) as error: send(id=request.get("id"), error={"code": -32602, "message": f"Bad params: {error}"})
    except OSError as error: send(id=request.get("id"), error={"code": -32007, "message": f"It can't be run: {error}"})
    return request["method"] != "shutdown"
def look(l):
    code = l["_process"].poll()
    if code is None and l["_kill"] is None and now() >= l["_end"]: l["_kill"] = now() + l["_grace"]; signal_all(l, signal.SIGTERM)
    elif code is None and l["_kill"] is not None and now() >= l["_kill"]: signal_all(l, signal.SIGKILL)
    if code is None: return
    l.update(state="exited", endedAt=now(), **({} if l["_kill"] else {"exitCode": code if code >= 0 else 128 - code}))
    send(method="changed", params=status(l))
def tick(count=0):
    with lock: [look(l) for l in leases.values() if l["state"] != "exited"]; count % 30 or send(method="heartbeat", params={})
    threading.Timer(0.1, tick, [count + 1]).start()
tick()
for line in sys.stdin:
    with lock:
        try: request = json.loads(line)
        except ValueError: send(id=None, error={"code": -32700, "message": "The line is no JSON."}); continue
        if not answer(request): break
shutdown({}); os._exit(0)
