const ui = SwaggerUIBundle({
  dom_id: "#page",
  url: "openapi.json", // relative to the page, so that a prefix in front of the service does no harm
  deepLinking: true,
  validatorUrl: null, // the default asks another host
  onComplete: () => {
    // The Open Inference Protocol has more operations than all else, and its clients know them.
    if (!location.hash.startsWith("#/inference")) ui.layoutActions.show(["operations-tag", "inference"], false);
  },
});
