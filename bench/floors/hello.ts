/** Floor *hello*: the maximum rate of a Worker with a constant answer. */
export default {
  fetch(): Response {
    return Response.json({ ok: true });
  },
};
