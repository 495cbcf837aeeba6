// The read service's answers. A path is made of parts, each encoded: an id may hold any character.

export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

export async function get(parts, query = {}) {
  const path = "/" + parts.map(encodeURIComponent).join("/");
  const given = Object.entries(query).filter(([, value]) => value);
  const response = await fetch(path + (given.length ? "?" + new URLSearchParams(given) : ""));
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => ({}));
  throw new Problem(response.status, problem.detail ?? `${path}: ${response.status}`);
}

/** Nothing where there is no such thing. */
export async function find(parts, query) {
  try {
    return await get(parts, query);
  } catch (problem) {
    if (problem.status === 404) return null;
    throw problem;
  }
}
