/** Next.js calls it once when the server starts. */
export async function register(): Promise<void> {
  if (process.env['NEXT_RUNTIME'] !== 'nodejs' || process.env['NEXT_PHASE'] === 'phase-production-build')
    return;
  const [{ serverContext }, { followQuotes }] = await Promise.all([
    import('./app/server/context.ts'),
    import('./app/server/quotes/follow.ts'),
  ]);
  followQuotes(serverContext);
}
