"""
A pool for `npm run bench -- provider`. A lease's command is `job MILLISECONDS EXITCODE`: it runs by the clock and takes no
processor. With `survives` the jobs are files, which go on without this process; else they die with it. The journal is what
the bench judges: `born`, `start ID CARD...`, `end ID`, each with its time.
"""
import json, os, select, sys, time

leases, setup = {}, {}

def now(): return int(time.time() * 1000)
def send(**message): os.write(1, (json.dumps({"jsonrpc": "2.0", **message}) + "\n").encode())
def write(line): os.write(setup["journal"], f"{now()} {line}\n".encode())
def fail(code, why): raise RuntimeError(code, why)
def lease_of(p): return leases[p["id"]] if p["id"] in leases else fail(-32005, "There is no such lease.")
def view(l): return {key: value for key, value in l.items() if key[0] != "_"}
def path_of(id): return os.path.join(setup["folder"], id + ".json")
def keep(l):
    if setup["survives"]:
        with open(path_of(l["id"]) + ".new", "w") as file: json.dump(l, file)
        os.rename(path_of(l["id"]) + ".new", path_of(l["id"]))

def initialize(p):
    setup.update({"cards": 50, "survives": False}, **p["settings"], folder=p["folder"])
    setup["journal"] = os.open(os.path.join(p["folder"], "journal"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    write("born")
    for name in os.listdir(p["folder"]):
        if name.endswith(".json"):
            with open(os.path.join(p["folder"], name)) as file: lease = json.load(file)
            leases[lease["id"]] = lease
    return {"protocol": "1", "name": "simulated", "version": "1.0.0", "capabilities": {"isolation": "simulated", "workloads": ["command"],
            "survives": setup["survives"], "limits": ["cards", "seconds"], "usage": ["cards"], "features": []}}
def free():
    held = {card for l in leases.values() if l["state"] == "running" for card in l["cards"]}
    return [f"card-{index}" for index in range(setup["cards"]) if f"card-{index}" not in held]
def inventory(p): return {"cards": [{"class": "SIM-80G", "count": setup["cards"], "free": len(free())}]}
def start(p):
    want, cards = p["lease"], free()
    if want["id"] in leases: return view(leases[want["id"]])
    if len(cards) < want["limits"]["cards"]: fail(-32004, "All cards are taken.")
    cards = cards[: want["limits"]["cards"]]
    _, ms, code = want["command"]
    lease = {"id": want["id"], "state": "running", "cards": cards, "startedAt": now(), "_code": int(code),
             "_end": now() + min(int(ms), 1000 * want["limits"]["seconds"])}
    leases[want["id"]] = lease
    # The journal first: what it does not tell did not run.
    write("start " + want["id"] + " " + " ".join(cards))
    keep(lease)
    return view(lease)
def over(lease, at, code=None):
    lease.update(state="exited", endedAt=at, **({} if code is None else {"exitCode": code}))
    write("end " + lease["id"])
    keep(lease)
    send(method="changed", params=view(lease))
def stop(p):
    if lease_of(p)["state"] == "running": over(lease_of(p), now())
    return view(lease_of(p))
def logs(p):
    data = b"done\n" if lease_of(p)["state"] == "exited" else b""
    return {"base64": "ZG9uZQo=" if data and p["offset"] == 0 else "", "complete": bool(data)}
def usage(p): return {"cardMs": len(lease_of(p)["cards"]) * (lease_of(p).get("endedAt", now()) - lease_of(p)["startedAt"])}
def release(p):
    if p["id"] in leases and leases[p["id"]]["state"] == "running": fail(-32006, "It still runs.")
    if leases.pop(p["id"], None) and setup["survives"]: os.remove(path_of(p["id"]))
    return {}
def listing(p):
    ids = sorted(id for id in leases if id > p.get("after", ""))
    page = {"leases": [view(leases[id]) for id in ids[:1000]]}
    return {**page, "next": ids[999]} if len(ids) > 1000 else page
METHODS = {"initialize": initialize, "inventory": inventory, "start": start, "stop": stop, "logs": logs, "usage": usage,
           "release": release, "list": listing, "status": lambda p: view(lease_of(p)), "health": lambda p: {"ok": True}, "shutdown": lambda p: {}}

def answer(line):
    request = json.loads(line)
    try:
        method = METHODS.get(request["method"]) or fail(-32601, "There is no such method.")
        send(id=request["id"], result=method(request.get("params", {})))
    except RuntimeError as refusal:
        send(id=request["id"], error={"code": refusal.args[0], "message": refusal.args[1]})
    if request["method"] == "shutdown": sys.exit(0)

beat, rest = 0, b""
while True:
    due = min((l["_end"] for l in leases.values() if l["state"] == "running"), default=now() + 1000)
    if select.select([0], [], [], max(0, min(1000, due - now())) / 1000)[0]:
        data = os.read(0, 1 << 16)
        if not data: break
        *lines, rest = (rest + data).split(b"\n")
        for line in lines: answer(line)
    for lease in list(leases.values()):
        if lease["state"] == "running" and lease["_end"] <= now(): over(lease, lease["_end"], lease["_code"])
    if now() - beat > 3000:
        beat = now()
        send(method="heartbeat", params={})
