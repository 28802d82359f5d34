import type { NextConfig } from 'next';

const config: NextConfig = {
  reactStrictMode: true,
  poweredByHeader: false,
  typescript: { tsconfigPath: 'app/tsconfig.json' },
  // These read files beside themselves, or load native parts: Node requires them as they are.
  serverExternalPackages: ['pg', '@prisma/client', '@prisma/adapter-pg'],
  devIndicators: false,
  turbopack: { root: import.meta.dirname },
};

export default config;
