"""What must hold between the objects of an overlay, and for each, beyond what their schemas say. A rule gives sentences."""
WORKLOADS = ("Deployment", "StatefulSet", "Job")
LEAST_GRACE_S = {"write-service": 10, "read-service": 20}  # SIGTERM ends the programs within 10 s; preStop comes before it
GENERATED_ELSEWHERE = {("Secret", "orderly-configuration")}  # made beside the production overlay


def workloads(objects, kinds=WORKLOADS):
    return [(o["kind"] + "/" + o["metadata"]["name"], o, o["spec"]["template"]) for o in objects if o["kind"] in kinds]


def containers(template):
    return [*template["spec"].get("initContainers", []), *template["spec"]["containers"]]


def matches(selector, labels):
    def expression_holds(e):
        value = labels.get(e["key"])
        return {"In": value in e.get("values", []), "NotIn": value not in e.get("values", []), "Exists": value is not None}[e["operator"]]
    return (all(labels.get(k) == v for k, v in selector.get("matchLabels", {}).items())
            and all(expression_holds(e) for e in selector.get("matchExpressions", [])))


def pods_of(objects):
    return [template["metadata"]["labels"] for _, _, template in workloads(objects)]


def selectors_select(objects):
    pods = pods_of(objects)
    for o in objects:
        selector = {"Service": lambda: {"matchLabels": o["spec"]["selector"]}, "PodDisruptionBudget": lambda: o["spec"]["selector"],
                    "NetworkPolicy": lambda: o["spec"]["podSelector"]}.get(o["kind"], lambda: None)()
        if selector is not None and not any(matches(selector, labels) for labels in pods):
            yield f"{o['kind']}/{o['metadata']['name']} selects no pod"
    for name, o, template in workloads(objects, ("Deployment", "StatefulSet")):
        if not matches(o["spec"]["selector"], template["metadata"]["labels"]):
            yield f"{name} does not select its own pods"


def references_exist(objects):
    there = {(o["kind"], o["metadata"]["name"]) for o in objects} | GENERATED_ELSEWHERE
    for name, o, template in workloads(objects):
        wanted = set()
        for volume in template["spec"].get("volumes", []):
            wanted |= {("ConfigMap", volume["configMap"]["name"])} if "configMap" in volume else set()
            wanted |= {("Secret", volume["secret"]["secretName"])} if "secret" in volume else set()
        for source in (s for c in containers(template) for s in c.get("envFrom", [])):
            for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                if key in source and not source[key].get("optional"):
                    wanted.add((kind, source[key]["name"]))
        if "serviceAccountName" in template["spec"]:
            wanted.add(("ServiceAccount", template["spec"]["serviceAccountName"]))
        yield from (f"{name} wants {kind}/{missing}, which is not there" for kind, missing in sorted(wanted - there))
    for o in objects:
        target = o["kind"] == "HorizontalPodAutoscaler" and o["spec"]["scaleTargetRef"]
        if target and (target["kind"], target["name"]) not in there:
            yield f"HorizontalPodAutoscaler/{o['metadata']['name']} scales {target['name']}, which is not there"


def ports_exist(objects):
    named = {p["name"] for _, _, t in workloads(objects) for c in containers(t) for p in c.get("ports", [])}
    for name, _, template in workloads(objects):
        for c in containers(template):
            own = {p["name"] for p in c.get("ports", [])}
            for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
                probe = c.get(kind, {})
                port = (probe.get("httpGet") or probe.get("tcpSocket") or {}).get("port")
                if isinstance(port, str) and port not in own:
                    yield f"{name}: {kind} asks the port {port}, which the container does not have"
    for o in objects:
        for port in (p["targetPort"] for p in (o["spec"].get("ports", []) if o["kind"] == "Service" else [])):
            if port not in named:
                yield f"Service/{o['metadata']['name']} goes to the port {port}, which no container has"


def volumes_are_there(objects):
    for name, o, template in workloads(objects):
        there = {v["name"] for v in template["spec"].get("volumes", [])}
        there |= {c["metadata"]["name"] for c in o["spec"].get("volumeClaimTemplates", [])}
        for mount in (m for c in containers(template) for m in c.get("volumeMounts", [])):
            if mount["name"] not in there:
                yield f"{name} mounts {mount['name']}, which is no volume of it"


def is_restricted(objects):
    """The Pod Security Standard "restricted", and a root that cannot be written."""
    for name, _, template in workloads(objects):
        pod = template["spec"].get("securityContext", {})
        if pod.get("runAsUser") == 0 or pod.get("runAsNonRoot") is not True:
            yield f"{name} may run as root"
        if pod.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{name} has no seccomp profile"
        if template["spec"].get("automountServiceAccountToken") is not False:
            yield f"{name} gets a token of the API server, which it does not use"
        if any(template["spec"].get(k) for k in ("hostNetwork", "hostPID", "hostIPC")):
            yield f"{name} shares the host's namespaces"
        for c in containers(template):
            context = c.get("securityContext", {})
            if (context.get("allowPrivilegeEscalation") is not False or context.get("privileged") or context.get("runAsUser") == 0
                    or context.get("runAsNonRoot") is False or context.get("capabilities") != {"drop": ["ALL"]}):
                yield f"{name}: {c['name']} has privileges it does not need"
            if context.get("readOnlyRootFilesystem") is not True:
                yield f"{name}: {c['name']} can write to its root"


UNITS = {"": 1, "m": 1e-3, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}


def quantity(text):
    number = str(text).rstrip("KMGim")
    return float(number) * UNITS[str(text)[len(number):]]


def resources_fit(objects):
    for name, _, template in workloads(objects):
        for c in containers(template):
            requests, limits = c.get("resources", {}).get("requests", {}), c.get("resources", {}).get("limits", {})
            if not {"cpu", "memory"} <= requests.keys() or "memory" not in limits:
                yield f"{name}: {c['name']} must request cpu and memory and limit its memory"
            for kind in requests.keys() & limits.keys():
                if quantity(requests[kind]) > quantity(limits[kind]):
                    yield f"{name}: {c['name']} requests more {kind} than its limit"


def pods_are_ended_in_order(objects):
    for name, o, template in workloads(objects, ("Deployment", "StatefulSet")):
        least = LEAST_GRACE_S.get(o["metadata"]["name"], 0)
        if template["spec"].get("terminationGracePeriodSeconds", 30) < least + 5:
            yield f"{name}: its pods are killed before they can end"
        if o["kind"] == "Deployment" and o["spec"]["strategy"].get("rollingUpdate", {}).get("maxUnavailable") != 0:
            yield f"{name}: a roll-out takes pods away before others are ready"
        if o["kind"] == "Deployment" and not template["spec"]["containers"][0].get("lifecycle", {}).get("preStop"):
            yield f"{name}: a pod ends while it is still asked"


def probes_let_work_go_on(objects):
    for name, o, template in workloads(objects, ("Deployment", "StatefulSet")):
        for c in template["spec"]["containers"] if o["metadata"]["name"] in LEAST_GRACE_S else []:
            if not {"startupProbe", "readinessProbe", "livenessProbe"} <= c.keys():
                yield f"{name}: {c['name']} lacks a probe"
            elif "readyz" in str(c["livenessProbe"]) or "readyz" in str(c["startupProbe"]):
                yield f"{name}: a pod that lags or waits for the broker is killed"
            elif c["name"] == "read-service" and "/readyz?stale=ok" not in str(c["readinessProbe"]):
                yield f"{name}: all replicas are taken out when the broker is away"


def shards_are_all_run(objects):
    for name, o, template in workloads(objects, ("StatefulSet",)):
        if o["metadata"]["name"] != "write-service":
            continue
        environment = [(e["name"], e.get("value")) for c in template["spec"]["containers"] for e in c.get("env", [])]
        names = [n for n, _ in environment]
        if ("ORDERLY_SHARDS", f"mod:$(POD_INDEX)/{o['spec']['replicas']}") not in environment:
            yield f"{name}: its pods do not take shards by their index and the number of replicas"
        elif names.index("POD_INDEX") > names.index("ORDERLY_SHARDS"):
            yield f"{name}: POD_INDEX must stand before what refers to it"


def network_is_denied(objects):
    policies = [o["spec"] for o in objects if o["kind"] == "NetworkPolicy"]
    if not any(p["podSelector"] == {} and set(p["policyTypes"]) == {"Ingress", "Egress"} and not p.get("ingress") and not p.get("egress")
               for p in policies):
        yield "no NetworkPolicy denies what no other allows"
    for o in (o for o in objects if o["kind"] == "NetworkPolicy"):
        for rule in [*o["spec"].get("ingress", []), *o["spec"].get("egress", [])]:
            if not (rule.get("from") or rule.get("to")) or not rule.get("ports"):
                yield f"NetworkPolicy/{o['metadata']['name']} allows more than named peers and ports"


def disruptions_are_bounded(objects):
    budgets = [o["spec"] for o in objects if o["kind"] == "PodDisruptionBudget"]
    for name, o, template in workloads(objects, ("Deployment", "StatefulSet")):
        if o["metadata"]["name"] not in LEAST_GRACE_S:
            continue
        found = [b for b in budgets if matches(b["selector"], template["metadata"]["labels"])]
        if len(found) != 1 or found[0].get("maxUnavailable") != 1 or found[0].get("unhealthyPodEvictionPolicy") != "AlwaysAllow":
            yield f"{name} wants one PodDisruptionBudget that lets one pod go"
        if {c["topologyKey"] for c in template["spec"].get("topologySpreadConstraints", [])} < {"kubernetes.io/hostname"}:
            yield f"{name}: all pods may end up on one node"


def images_are_pinned(objects):
    for name, _, template in workloads(objects):
        for c in containers(template):
            tag = c["image"].rpartition("/")[2].partition(":")[2]
            if "@sha256:" not in c["image"] and tag in ("", "latest"):
                yield f"{name}: {c['name']} may run any version"


def stores_are_kept(objects):
    for name, o, _ in workloads(objects, ("StatefulSet",)):
        policy = o["spec"].get("persistentVolumeClaimRetentionPolicy", {})
        if "Delete" in policy.values():
            yield f"{name}: its stores are deleted with its pods"


RULES = [selectors_select, references_exist, ports_exist, volumes_are_there, is_restricted, resources_fit, pods_are_ended_in_order,
         probes_let_work_go_on, shards_are_all_run, network_is_denied, disruptions_are_bounded, images_are_pinned, stores_are_kept]


def lint(objects):
    return [sentence for rule in RULES for sentence in rule(objects)]
