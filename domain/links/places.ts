/**
 * Where the regions of three clouds stand: latitude and longitude of the city that the cloud itself names, whole degrees or tenths.
 * Good for one question: whether a measured round trip is faster than light in fibre allows. Azure prints 37.4, -79.8 for eastus, which
 * its 1.9 ms to Ashburn exclude: its halls stand in Northern Virginia.
 */
export const PLACES: Readonly<Record<string, readonly [latitude: number, longitude: number]>> = {
  'aws:af-south-1': [-33.9, 18.4],
  'aws:ap-east-1': [22.3, 114.2],
  'aws:ap-northeast-1': [35.7, 139.7],
  'aws:ap-northeast-2': [37.6, 127.0],
  'aws:ap-northeast-3': [34.7, 135.5],
  'aws:ap-south-1': [19.1, 72.9],
  'aws:ap-southeast-1': [1.3, 103.8],
  'aws:ap-southeast-2': [-33.9, 151.2],
  'aws:ap-southeast-3': [-6.2, 106.8],
  'aws:ca-central-1': [45.5, -73.6],
  'aws:eu-central-1': [50.1, 8.7],
  'aws:eu-north-1': [59.3, 18.1],
  'aws:eu-south-1': [45.5, 9.2],
  'aws:eu-west-1': [53.3, -6.3],
  'aws:eu-west-2': [51.5, -0.1],
  'aws:eu-west-3': [48.9, 2.4],
  'aws:me-south-1': [26.2, 50.6],
  'aws:sa-east-1': [-23.5, -46.6],
  'aws:us-east-1': [38.9, -77.4],
  'aws:us-east-2': [40.0, -83.0],
  'aws:us-west-1': [37.4, -122.0],
  'aws:us-west-2': [45.8, -119.7],
  'azure:australiaeast': [-33.9, 151.2],
  'azure:brazilsouth': [-23.5, -46.6],
  'azure:canadacentral': [43.7, -79.4],
  'azure:centralindia': [18.5, 73.9],
  'azure:eastasia': [22.3, 114.2],
  'azure:eastus': [38.9, -77.4],
  'azure:francecentral': [46.4, 2.4],
  'azure:germanywestcentral': [50.1, 8.7],
  'azure:japaneast': [35.7, 139.8],
  'azure:koreacentral': [37.6, 127.0],
  'azure:northcentralus': [41.9, -87.6],
  'azure:northeurope': [53.3, -6.3],
  'azure:norwayeast': [59.9, 10.8],
  'azure:southafricanorth': [-26.2, 28.0],
  'azure:swedencentral': [60.7, 17.1],
  'azure:switzerlandnorth': [47.4, 8.6],
  'azure:uaenorth': [25.3, 55.3],
  'azure:uksouth': [51.5, -0.1],
  'azure:westeurope': [52.4, 4.9],
  'azure:westus': [37.8, -122.4],
  'azure:westus3': [33.4, -112.1],
  'gcp:asia-east1-a': [24.1, 120.5],
  'gcp:asia-east2-a': [22.3, 114.2],
  'gcp:asia-northeast1-a': [35.7, 139.7],
  'gcp:asia-northeast2-a': [34.7, 135.5],
  'gcp:asia-northeast3-a': [37.6, 127.0],
  'gcp:asia-south1-a': [19.1, 72.9],
  'gcp:asia-south2-a': [28.6, 77.2],
  'gcp:asia-southeast1-a': [1.3, 103.8],
  'gcp:asia-southeast2-a': [-6.2, 106.8],
  'gcp:australia-southeast1-a': [-33.9, 151.2],
  'gcp:australia-southeast2-a': [-37.8, 145.0],
  'gcp:europe-central2-a': [52.2, 21.0],
  'gcp:europe-north1-a': [60.6, 27.2],
  'gcp:europe-west1-b': [50.5, 3.8],
  'gcp:europe-west2-a': [51.5, -0.1],
  'gcp:europe-west3-a': [50.1, 8.7],
  'gcp:europe-west4-a': [53.4, 6.8],
  'gcp:europe-west6-a': [47.4, 8.6],
  'gcp:northamerica-northeast1-a': [45.5, -73.6],
  'gcp:northamerica-northeast2-a': [43.7, -79.4],
  'gcp:southamerica-east1-a': [-23.5, -46.6],
  'gcp:southamerica-west1-a': [-33.5, -70.7],
  'gcp:us-central1-a': [41.3, -95.9],
  'gcp:us-east1-b': [33.2, -80.0],
  'gcp:us-east4-a': [39.0, -77.5],
  'gcp:us-west1-a': [45.6, -121.2],
  'gcp:us-west4-a': [36.2, -115.1],
};

const EARTH_KM = 6_371;
/** Light in fibre: 299,792 km/s over a refractive index of 1.468 (ITU-T G.652 fibre). */
const FIBRE_KM_PER_MS = 204.2;

/** Milliseconds that light in fibre takes there and back along the shortest way; 0 when a place is not known. */
export function lightRttMs(from: string, to: string): number {
  const [a, b] = [PLACES[from], PLACES[to]];
  if (a === undefined || b === undefined) return 0;
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  const half = (degrees: number): number => Math.sin(radians(degrees) / 2) ** 2;
  const chord = half(b[0] - a[0]) + Math.cos(radians(a[0])) * Math.cos(radians(b[0])) * half(b[1] - a[1]);
  return (2 * 2 * EARTH_KM * Math.asin(Math.sqrt(chord))) / FIBRE_KM_PER_MS;
}
