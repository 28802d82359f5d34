"""The toy with one defect: python3 wrong.py NAME. What a suite or a host must notice."""
import os, sys, time

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "toy")
SOURCE = open(os.path.join(FOLDER, "toy.py")).read()
DEFECTS = {
    # name: (what the toy has, what is there instead)
    "takes-cards-twice": ('"exited" for l in', '"exited" or True for l in'),
    "lies-about-capacity": ('"count": len(CARDS), "free": len(free())', '"count": 8, "free": 8'),
    "starts-twice": ("    if id in leases: return leases[id]", "    if False: return {}"),
    "forgets": ('"list": lambda p: {"leases": list(leases.values())}', '"list": lambda p: {"leases": []}'),
    "never-releases": ("    if leases.pop(p[\"id\"], None): os.remove(own.pop(p[\"id\"])[\"log\"])\n", ""),
    "releases-what-runs": ('"exited": fail(-32006', '"exited": (lambda *_: None)(-32006'),
    "kills-at-once": ("signal.SIGTERM)", "signal.SIGKILL)"),
    "leaves-children": (", preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGKILL)", ""),
    "hides-exit-codes": ("code if code >= 0 else 128 - code", "0"),
    "loses-log": ('p["offset"])', '0)'),
    "never-tells": ("    send(method=\"changed\", params=lease)\n", ""),
    "ignores-time": ('now() + 1000 * want["limits"]["seconds"]', "10 ** 15"),
    "outlives-agent": ("end_all({}); os._exit(0)", "time.sleep(1000)"),
    "speaks-anything": ('"1" if "1" in p["protocols"] else', '"1" if p["protocols"] else'),
    "chatters": ("\ntick()\n", "\ntick()\nprint('hello there', flush=True)\n"),
}
name = sys.argv[1]
if name == "hangs":
    time.sleep(1000)
if name == "falls-silent":  # answers nothing after the first second
    SOURCE = SOURCE.replace("    with lock: answer(line)", "    with lock: answer(line); time.sleep(1000 if now() - BORN > 1000 else 0)")
    SOURCE = SOURCE.replace("def tick(count=0):", "BORN = now()\ndef tick(count=0):")
elif name == "floods":
    SOURCE = SOURCE.replace("\ntick()\n", "\ntick()\nthreading.Timer(0.5, lambda: [send(method='heartbeat', params={}) for _ in iter(int, 1)]).start()\n")
elif name == "garbage":
    SOURCE = SOURCE.replace("\ntick()\n", "\ntick()\nthreading.Timer(0.5, lambda: [print('}{', flush=True) for _ in range(10)]).start()\n")
elif name == "long-line":
    SOURCE = SOURCE.replace("\ntick()\n", "\ntick()\nthreading.Timer(0.5, lambda: print('x' * 5000000, flush=True)).start()\n")
elif name == "eats-memory":
    SOURCE = SOURCE.replace("\ntick()\n", "\ntick()\nHOARD = []\nthreading.Timer(0.5, lambda: HOARD.append(b'x' * 200000000)).start()\n")
elif name in DEFECTS:
    sound, defect = DEFECTS[name]
    assert sound in SOURCE, f"the toy has no {sound!r}"
    SOURCE = SOURCE.replace(sound, defect)
elif name != "hangs":
    sys.exit(f"no defect {name}")
exec(compile(SOURCE, "toy.py", "exec"))
