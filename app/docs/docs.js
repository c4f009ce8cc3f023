SwaggerUIBundle({
  dom_id: "#page",
  url: "openapi.json", // relative to the page, so that a prefix in front of the service does no harm
  deepLinking: true,
  validatorUrl: null, // the default asks another host
});
