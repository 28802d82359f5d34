import Link from 'next/link';

export default function NotFound() {
  return (
    <>
      <h1>Nothing here</h1>
      <p className="quiet">
        This address names no page. <Link href="/">Go to the market.</Link>
      </p>
    </>
  );
}
