package bench;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.interceptor.api.IInterceptorService;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.provider.IJpaSystemProvider;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.server.HardcodedServerAddressStrategy;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.interceptor.RequestValidatingInterceptor;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import ca.uhn.fhir.validation.IValidatorModule;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

/** HAPI FHIR JPA for R4 under Jetty: {@code HapiServer PORT JDBC_URL [validate]}. */
public final class HapiServer {
    private HapiServer() {}

    public static void main(String[] arguments) throws Exception {
        int port = Integer.parseInt(arguments[0]);
        System.setProperty(HapiConfig.URL, arguments[1]);
        ApplicationContext context = new AnnotationConfigApplicationContext(HapiConfig.class);
        RestfulServer fhir = restful(context, "http://127.0.0.1:" + port + "/fhir");
        if (arguments.length > 2 && arguments[2].equals("validate")) {
            FhirInstanceValidator validator =
                    (FhirInstanceValidator) context.getBean(IValidatorModule.class);
            // As the gateway does: a profile that is not installed is passed over.
            validator.setErrorForUnknownProfiles(false);
            RequestValidatingInterceptor validating = new RequestValidatingInterceptor();
            validating.addValidatorModule(validator);
            fhir.registerInterceptor(validating);
        }
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        connector.setPort(port);
        server.addConnector(connector);
        ServletContextHandler handler = new ServletContextHandler();
        handler.addServlet(new ServletHolder(fhir), "/fhir/*");
        server.setHandler(handler);
        server.start();
        server.join();
    }

    private static RestfulServer restful(ApplicationContext context, String base) {
        RestfulServer fhir = new RestfulServer(context.getBean(FhirContext.class));
        fhir.setInterceptorService(context.getBean(IInterceptorService.class));
        fhir.registerProviders(context.getBean(ResourceProviderFactory.class).createProviders());
        fhir.registerProvider(context.getBean(IJpaSystemProvider.class));
        fhir.setPagingProvider(context.getBean(DatabaseBackedPagingProvider.class));
        fhir.setServerAddressStrategy(new HardcodedServerAddressStrategy(base));
        fhir.setDefaultResponseEncoding(EncodingEnum.JSON);
        fhir.setServerConformanceProvider(new JpaCapabilityStatementProvider(
                fhir,
                context.getBean(IFhirSystemDao.class),
                context.getBean(JpaStorageSettings.class),
                context.getBean(ISearchParamRegistry.class),
                context.getBean(IValidationSupport.class)));
        return fhir;
    }
}
