/** Floor *hello*: what a Worker answers at most when it asks nobody. */
export default {
  fetch(): Response {
    return Response.json({ ok: true });
  },
};
