"""A whole plugin: runs commands as plain processes on four made-up cards (docs/plugins.md explains each method)."""
import base64, ctypes, json, os, signal, subprocess, sys, threading, time
CARDS, leases, own, lock, setup = ["toy-0", "toy-1", "toy-2", "toy-3"], {}, {}, threading.RLock(), {}
def fail(code, why): raise RuntimeError(code, why)
def send(**message): print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)
def now(): return int(time.time() * 1000)
def status(p): return leases[p["id"]] if p["id"] in leases else fail(-32005, f"There is no lease {p['id']}.")
def free(): return [c for c in CARDS if all(c not in l["cards"] or l["state"] == "exited" for l in leases.values())]
def initialize(p):
    setup.update(p["settings"], folder=p["folder"])
    return {"protocol": "1" if "1" in p["protocols"] else fail(-32001, "This plugin speaks protocol 1."), "name": "toy", "version": "1.0.0",
            "capabilities": {"isolation": "none", "workloads": ["command"], "survives": False, "limits": ["cards", "seconds"], "usage": ["cards"], "features": []}}
def inventory(p): return {"cards": [{"class": setup.get("class", "TOY-1G"), "count": len(CARDS), "free": len(free())}]}
def start(p):
    id, want, cards = p["lease"]["id"], p["lease"], free()[: p["lease"]["limits"]["cards"]]
    if id in leases: return leases[id]  # the same lease again: nothing more is started
    if len(cards) < want["limits"]["cards"]: fail(-32004, "All cards are taken.")
    with open(os.path.join(setup["folder"], id + ".log"), "wb") as log:  # prctl 1: the command dies when this process dies
        process = subprocess.Popen(want["command"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            env={"PATH": os.environ["PATH"], **want["env"]}, preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGKILL))
    own[id] = {"process": process, "log": log.name, "end": now() + 1000 * want["limits"]["seconds"], "grace": 5000, "kill": None}
    return leases.setdefault(id, {"id": id, "state": "running", "cards": cards, "startedAt": now()})
def stop(p):
    if status(p)["state"] == "running": status(p)["state"], own[p["id"]]["end"], own[p["id"]]["grace"] = "stopping", 0, p["graceMs"]
    return status(p)
def logs(p):
    with open(own[status(p)["id"]]["log"], "rb") as log: data = os.pread(log.fileno(), p["limit"], p["offset"])
    return {"base64": base64.b64encode(data).decode(), "complete": status(p)["state"] == "exited" and len(data) < p["limit"]}
def usage(p): return {"cardMs": len(status(p)["cards"]) * (status(p).get("endedAt", now()) - status(p)["startedAt"])}
def release(p):
    if p["id"] in leases and leases[p["id"]]["state"] != "exited": fail(-32006, "It still runs: stop it first.")
    if leases.pop(p["id"], None): os.remove(own.pop(p["id"])["log"])
    return {}
def end_all(p): return {} if [os.killpg(own[l["id"]]["process"].pid, 9) for l in leases.values() if l["state"] != "exited"] else {}
METHODS = {"initialize": initialize, "inventory": inventory, "start": start, "stop": stop, "status": status, "logs": logs, "usage": usage,
           "release": release, "shutdown": end_all, "list": lambda p: {"leases": list(leases.values())}}
def answer(line, request={}):
    def error(code, message): send(id=request.get("id"), error={"code": code, "message": message})
    try:
        request = json.loads(line)
        method = METHODS.get(request["method"]) or fail(-32601, f"There is no method {request['method']}.")
        send(id=request.get("id"), result=method(request.get("params", {})))
        if method == end_all: os._exit(0)
    except RuntimeError as refusal: error(*refusal.args)
    except ValueError: error(-32700, "The line is no JSON.")
    except Exception as trouble: error(-32007 if isinstance(trouble, OSError) else -32602, f"It can't be done: {trouble!r}")
def look(lease, mine):
    code = mine["process"].poll()
    if code is None and mine["kill"] and now() >= mine["kill"]: os.killpg(mine["process"].pid, signal.SIGKILL)
    if code is None and not mine["kill"] and now() >= mine["end"]: mine["kill"] = now() + mine["grace"]; os.killpg(mine["process"].pid, signal.SIGTERM)
    if code is None: return
    lease.update(state="exited", endedAt=now(), **({} if mine["kill"] else {"exitCode": code if code >= 0 else 128 - code}))
    send(method="changed", params=lease)
def tick(count=0):
    with lock: [look(l, own[l["id"]]) for l in leases.values() if l["state"] != "exited"]; count % 30 or send(method="heartbeat", params={})
    threading.Timer(0.1, tick, [count + 1]).start()
tick()
for line in sys.stdin:
    with lock: answer(line)
end_all({}); os._exit(0)
