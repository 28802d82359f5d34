const { measure } = await import(process.cwd() + '/bench/match/measure.ts');
const f = await import(process.cwd() + '/bench/match/field.ts');
const trace = await f.readTrace('/work/shared/data/alibaba_gpu_v2023/openb_node_list_gpu_node.csv','/work/shared/data/alibaba_gpu_v2023/openb_pod_list_gpuspec33.csv');
const F = f.marketField(10000, 1, trace);
const seen = new Map(); for (let i=0;i<10000;i++){const k=F.states.subarray(3*i,3*i+3).join(); seen.set(k,(seen.get(k)??0)+1);}
console.log('states', seen.size, [...seen.values()].sort((a,b)=>b-a).slice(0,12), 'gaps', new Set(F.gaps).size);
const t = new Uint16Array(3); for (let i=0;i<4;i++){F.ask(t); console.log('task', t.join());}
console.log(measure(F));
