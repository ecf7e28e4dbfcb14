/** The sign and the name. */
export function Brand() {
  return (
    <span class="brand">
      <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <rect width="32" height="32" rx="8" />
        <path d="M9 16.5l4.8 4.8L23.5 11" />
      </svg>
      Proctor
    </span>
  );
}
